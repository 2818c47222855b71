"""Where messages leave: each channel takes one finished parcel and says honestly what became of it."""
