// Feeds a processing element one line of vectors a clock, and compares its sum.
//
// With NETLIST defined the element is one that was synthesised for these widths, and has no parameters any more.
//
//   +vectors=FILE +count=N      a line: {first, partial, x, weight, expected sum}
`default_nettype none
`ifdef NETLIST
`define WIDTHS
`else
`define WIDTHS #(.ACTIVATION_BITS(ACTIVATION_BITS), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS))
`endif

module element_bench #(
    parameter ARITHMETIC = 0,
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS = 8,
    parameter SUM_BITS = 32,
    parameter MOST = 131072
);
  localparam BITS = 1 + SUM_BITS + ACTIVATION_BITS + WEIGHT_BITS + SUM_BITS;
  reg [BITS-1:0] vectors[0:MOST-1];
  reg [8*1024-1:0] path;
  integer count, at, differ;

  reg clock = 0;
  reg first;
  reg [SUM_BITS-1:0] partial, expected;
  reg [ACTIVATION_BITS-1:0] x;
  reg [WEIGHT_BITS-1:0] weight;
  wire [SUM_BITS-1:0] sum;

  generate
    if (ARITHMETIC == 0) begin : pe
      pe_multiply `WIDTHS element (
          .clock(clock), .enable(1'b1), .first(first), .partial(partial), .x(x), .weight(weight), .sum(sum));
    end else if (ARITHMETIC == 1) begin : pe
      pe_shift `WIDTHS element (
          .clock(clock), .enable(1'b1), .first(first), .partial(partial), .x(x), .weight(weight), .sum(sum));
    end else begin : pe
      pe_add `WIDTHS element (
          .clock(clock), .enable(1'b1), .first(first), .partial(partial), .x(x), .weight(weight), .sum(sum));
    end
  endgenerate

  initial begin
    if (!$value$plusargs("vectors=%s", path) || !$value$plusargs("count=%d", count)) $finish;
    $readmemh(path, vectors, 0, count - 1);
    differ = 0;
    for (at = 0; at < count; at = at + 1) begin
      {first, partial, x, weight, expected} = vectors[at];
      #1 clock = 1;
      #1 clock = 0;
      if (sum !== expected) differ = differ + 1;
    end
    $display("%0d vectors, %0d differ", count, differ);
    $finish;
  end
endmodule

`default_nettype wire
