"""Checkpoints as training frameworks write them: a folder of many ranks' files that make one model."""
