"""What ``loop/capture.py`` is made of: a file for each runtime, and how a dump is kept."""
