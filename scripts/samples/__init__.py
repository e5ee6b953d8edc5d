"""Small valid packages of each format."""
