"""Time limits of the calls of a set. Most are the least one, so the others alone travel one by one."""


def pack_limits(limits):
    least = min(limits, default=0.0)
    return [len(limits), least, [each for each in enumerate(limits) if each[1] != least]]


def unpack_limits(packed):
    count, least, others = packed
    limits = [least] * count
    for index, limit in others:
        limits[index] = limit
    return limits
