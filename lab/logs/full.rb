# Runs out of its address space.
kept = []
loop { kept << ('x' * (16 << 20)) }
