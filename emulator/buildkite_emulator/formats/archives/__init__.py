"""Archive and compression formats that several package formats use."""
