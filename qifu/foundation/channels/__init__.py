"""Channels: how a notice reaches a person outside the site (text message, platform message, to-do, e-mail).

A notice is always in the inbox. Which channels carry it besides is declared by the site (environment variable
QIFU_CHANNELS) and chosen by the person. Only neutral sentences leave, unless the room gave a text that may.
"""
