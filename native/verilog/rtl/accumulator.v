// A running sum: each enabled clock adds a term to what there was, or, with `first`, to what another element hands on.
//
//   sum' = (first ? partial : sum) + term + carry
//
// A negative term comes as ~t with a carry, which saves its own adder: the carry goes into the one that is there.
`default_nettype none

module accumulator #(
    parameter BITS = 32
) (
    input  wire clock,
    input  wire enable,
    input  wire first,
    input  wire signed [BITS-1:0] partial,
    input  wire signed [BITS-1:0] term,
    input  wire carry,
    output reg  signed [BITS-1:0] sum
);
  wire signed [BITS-1:0] base = first ? partial : sum;
  // one bit below the lowest: 1 + carry is carried into the sum
  wire [BITS:0] total = {base, 1'b1} + {term, carry};

  always @(posedge clock) if (enable) sum <= total[BITS:1];
endmodule

`default_nettype wire
