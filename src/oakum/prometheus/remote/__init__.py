"""Remote read: the chunks of a server as it holds them, in the place of answers that it evaluates."""
