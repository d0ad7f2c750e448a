"""The service: November and January checks for schools, coaches and analysts, over HTTP.

It stores, authorises and shows; what a file says and what a pupil's points are is the library's business (`roni`).
"""
