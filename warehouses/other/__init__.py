"""Another system ships: this hub has no way to ask for anything, so no path can ship here."""
