"""What analysing a heap dump costs, and whether the answer is right: beside other tools, on dumps made here."""
