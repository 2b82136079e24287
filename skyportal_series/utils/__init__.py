"""Files: DataFrame and metadata to HDF5 and back, without trusting a byte of what comes in."""
