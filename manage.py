#!/usr/bin/env python3
"""Django's command line for Careweave."""

from __future__ import annotations

import sys

from config import env

if __name__ == "__main__":
    env.use_our_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
