// Processing element of convolution: sum' = (first ? partial : sum) + x * weight.
//
// Where the product is wider than the sum, its low bits are kept, as in whole numbers of a processor.
`default_nettype none

module pe_multiply #(
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS = 8,
    parameter SUM_BITS = 32
) (
    input  wire clock,
    input  wire enable,
    input  wire first,
    input  wire signed [SUM_BITS-1:0] partial,
    input  wire signed [ACTIVATION_BITS-1:0] x,
    input  wire signed [WEIGHT_BITS-1:0] weight,
    output wire signed [SUM_BITS-1:0] sum
);
  wire signed [ACTIVATION_BITS+WEIGHT_BITS-1:0] product = x * weight;
  wire signed [SUM_BITS-1:0] term = product;

  accumulator #(.BITS(SUM_BITS)) accumulator (
      .clock(clock), .enable(enable), .first(first), .partial(partial), .term(term), .carry(1'b0), .sum(sum)
  );
endmodule

`default_nettype wire
