"""Portal: settings, routes, the visual language, the home page, sign-in, the inbox, error pages.

Legal basis: 优化营商环境条例 第三十七条 (one online entrance). Used by everyone; it is the only room that imports services.
"""
