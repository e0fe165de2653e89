"""Pages of files: packing slips, CSV of the list, pasted tracking numbers. Their addresses lie among those of orders."""
