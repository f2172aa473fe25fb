"""Verify: does what a state and its outputs say follow from the topic, bit by bit?"""
