"""Mandates: which people may act for which enterprise, in what scope, until when.

Legal basis: 民法典 61 and 170 (legal representative, persons acting within their duties); 电子营业执照管理办法.
Used by enterprises: the legal representative appoints handlers (经办人) and takes the mandate back.
"""
