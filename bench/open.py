def run(o): return {}
