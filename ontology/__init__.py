"""What a thing is: terms, IRIs, symbols, shapes."""
