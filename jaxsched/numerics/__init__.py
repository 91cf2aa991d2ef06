"""The arithmetic of schedules: exact at every count, in float32 and int32, at the speed of memory.

1. Time is an integer. What has elapsed and what remains are differences of integers; only a
   difference that has been taken becomes a float, so nothing is lost next to either end.
2. The fold. A transition is its nearer endpoint plus a weight <= 1/2 of the way to the farther one;
   the weight is a function of the smaller of elapsed and remaining. Nothing cancels, both endpoints
   are exact, and a rise is as accurate as a fall.
3. Two floats. A phase or a logarithm has more digits than one float. The factors of its leading
   product are cut to so few bits (8 of a hyperparameter, 16 of a count) that the product is exact,
   even where a compiler fuses it with an addition; the rest is a second float.

Bounds are in ULP of float32, measured for integer counts and lengths up to 2^31 - 1 (values through
`between` from or to 0 included). With x64 the same functions serve float64, within 7 ULP, 24 with a
warp.
`steps` <= 0 means: already at the end. Every function is finite, gradients too, at every count.
"""
