// From a sum to a stored number, by a multiplication: y = clamp((sum * multiplier + addend) >> shift, low, high).
//
// The product and its sum with the addend have 16 bits more than the sum: 48, which the program's bounds prove.
// `scale` is {multiplier, addend, shift} of the output channel: 16, SUM_BITS + 16 and 8 bits.
`default_nettype none

module requantise_multiply #(
    parameter SUM_BITS = 32,
    parameter VALUE_BITS = 16
) (
    input  wire signed [SUM_BITS-1:0] sum,
    input  wire [SUM_BITS+39:0] scale,
    input  wire signed [VALUE_BITS-1:0] low,
    input  wire signed [VALUE_BITS-1:0] high,
    output wire signed [VALUE_BITS-1:0] y
);
  localparam WIDE = SUM_BITS + 16;

  wire [4:0] shift = scale[4:0];
  wire signed [WIDE-1:0] addend = scale[WIDE+7:8];
  wire signed [15:0] multiplier = scale[WIDE+23:WIDE+8];

  wire signed [WIDE-1:0] product = sum * multiplier;
  wire signed [WIDE-1:0] total = product + addend;
  wire signed [WIDE-1:0] scaled = total >>> shift;
  assign y = scaled < low ? low : scaled > high ? high : scaled[VALUE_BITS-1:0];
endmodule

`default_nettype wire
