// Feeds both requantisation units one line of vectors after the other, and compares what they store.
//
//   +vectors=FILE +count=N      a line: {terms, shift, low, high, scale, sum, expected}
`default_nettype none

module requantise_bench #(
    parameter MOST = 65536
);
  reg [8+8+16+16+72+32+16-1:0] vectors[0:MOST-1];
  reg [8*1024-1:0] path;
  integer count, at, differ;

  reg [7:0] terms, shift;
  reg [15:0] low, high, expected;
  reg [71:0] scale;
  reg [31:0] sum;
  wire [15:0] by_product, by_terms;

  requantise_multiply multiply (.sum(sum), .scale(scale), .low(low), .high(high), .y(by_product));
  requantise_terms powers (
      .sum(sum), .scale(scale[63:0]), .shift(shift[4:0]), .low(low), .high(high), .y(by_terms));

  initial begin
    if (!$value$plusargs("vectors=%s", path) || !$value$plusargs("count=%d", count)) $finish;
    $readmemh(path, vectors, 0, count - 1);
    differ = 0;
    for (at = 0; at < count; at = at + 1) begin
      {terms, shift, low, high, scale, sum, expected} = vectors[at];
      #1;
      if ((terms[0] ? by_terms : by_product) !== expected) differ = differ + 1;
    end
    $display("%0d vectors, %0d differ", count, differ);
    $finish;
  end
endmodule

`default_nettype wire
