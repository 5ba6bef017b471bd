"""Party and government bodies and the names documents give them.

Purpose: one body for each of its names: short name, full name, second name, former name; slips are reported, not kept.
Legal basis: the province's institutional reform plans; 机关 names as used in the official work plan 浙营商专发〔2024〕1号.
Who uses it: the official-document reader (responsible units), people (posts), casework (owners of work).
"""
