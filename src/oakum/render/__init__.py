"""Tables, charts, codecs and reports for every face."""
