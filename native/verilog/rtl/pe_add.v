// Processing element of adder layers: sum' = (first ? partial : sum) - |x - weight|.
//
// A difference below 0 is minus its own distance; one above is turned round as ~d + 1, where the accumulator adds the 1.
`default_nettype none

module pe_add #(
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
  localparam WIDER = ACTIVATION_BITS > WEIGHT_BITS ? ACTIVATION_BITS : WEIGHT_BITS;

  wire signed [WIDER:0] difference = x - weight;
  wire turned = !difference[WIDER];
  wire signed [WIDER:0] distance = difference ^ {(WIDER + 1) {turned}};
  wire signed [SUM_BITS-1:0] term = distance;

  accumulator #(.BITS(SUM_BITS)) accumulator (
      .clock(clock), .enable(enable), .first(first), .partial(partial), .term(term), .carry(turned), .sum(sum)
  );
endmodule

`default_nettype wire
