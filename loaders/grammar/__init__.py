"""Small recognisers over normalised text: one noun per module, composable, with character offsets.

A recogniser takes the whole text and the span to look in, and returns what it found with absolute offsets. It knows a
form of words, never a document. Patterns are bounded, so that hostile text costs linear time.
"""
