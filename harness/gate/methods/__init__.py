"""What can be said of a metric against its limit, with known error rates; no bootstrap decides."""
