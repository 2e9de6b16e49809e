"""`glyphs100`: 100 printed characters as 32x32 colour images, drawn here, with no download."""
