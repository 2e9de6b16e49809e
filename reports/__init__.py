"""Verdicts and Predictions as Markdown, JUnit XML, figures and one HTML file."""
