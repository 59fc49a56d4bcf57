"""Judging: an answer is watched, judged, explained and told, in this order."""
