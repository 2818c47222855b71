"""A small company with two months of life, to see the whole loop without any account or data of one's own."""
