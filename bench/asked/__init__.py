"""What a JVM and a Node.js pay when Oakum asks them, beside their own tools in the same run."""
