"""Desks that work on one matter together: cases, who accepts them, and what one desk tells another. Pure."""
