"""x"""
def cash_weighted_cycle(t,c):
    return t.mean()/(c/len(t))
