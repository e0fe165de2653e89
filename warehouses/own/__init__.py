"""The shop's own shelf: a request puts the parcel on the print list; people ship and enter carrier and number."""
