"""Test equipment shared between rooms: oracles, rejection checks, small foreign servers."""
