// Processing element of shift layers: sum' = (first ? partial : sum) + sign * (x << (e - 1)), nothing where e is 0.
//
// A weight is a code: its highest bit is the sign, 1 for negative, the others are e (docs/integer.md). No multiplier:
// x is shifted by e into one bit more, and that bit, which is 0, is left out.
`default_nettype none

module pe_shift #(
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS = 5,
    parameter SUM_BITS = 32
) (
    input  wire clock,
    input  wire enable,
    input  wire first,
    input  wire signed [SUM_BITS-1:0] partial,
    input  wire signed [ACTIVATION_BITS-1:0] x,
    input  wire [WEIGHT_BITS-1:0] weight,
    output wire signed [SUM_BITS-1:0] sum
);
  localparam MOST = (1 << (WEIGHT_BITS - 1)) - 1;

  wire negative = weight[WEIGHT_BITS-1];
  wire [WEIGHT_BITS-2:0] e = weight[WEIGHT_BITS-2:0];
  wire signed [ACTIVATION_BITS+MOST-1:0] wide = e == 0 ? 0 : x;
  wire signed [ACTIVATION_BITS+MOST-1:0] shifted = wide << e;
  wire signed [SUM_BITS-1:0] magnitude = shifted >>> 1;
  wire signed [SUM_BITS-1:0] term = magnitude ^ {SUM_BITS{negative}};

  accumulator #(.BITS(SUM_BITS)) accumulator (
      .clock(clock), .enable(enable), .first(first), .partial(partial), .term(term), .carry(negative), .sum(sum)
  );
endmodule

`default_nettype wire
