"""Archives and compression, which several package formats are built of."""
