"""JSON of the API in, Oakum's nouns out. No object is so odd that it fails: what is not understood is Absent."""
