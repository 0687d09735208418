"""Answers requests and httpx in a replay without vcrpy.

vcrpy imports every client that is installed and answers far below them. Without it a test takes 0.4 of the time that it
takes with vcrpy, a process with one test 0.6. What is not plainly the same either way is left to vcrpy.
"""
