// An element of the row: it holds one row of the filter and the row of the map that lies under it, and adds up the
// products of both for one output after the other. Sums that are done go on to the next element, rows of the map move
// up from the next element to this one.
//
//   row words      one after the other, channels of a position beside each other
//   filter words   window columns * channels, in the same order, so that both are read with one step a clock
//
// `start` is the place in the row where the window of the present output begins; it may lie outside, and what lies
// outside is `zero`, the number that stands for nothing.
`default_nettype none

module row_element #(
    parameter ARITHMETIC = 0,  // 0 multiply, 1 shift, 2 add
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS = 8,
    parameter SUM_BITS = 32,
    parameter ROW_WORDS = 256,
    parameter FILTER_WORDS = 64
) (
    input  wire clock,
    // the row below takes the place of this one, word by word
    input  wire slide,
    input  wire [15:0] slide_at,
    input  wire [ACTIVATION_BITS-1:0] row_in,
    output wire [ACTIVATION_BITS-1:0] row_out,
    // weights of a filter
    input  wire load,
    input  wire [15:0] load_at,
    input  wire [WEIGHT_BITS-1:0] weight_in,
    // sums
    input  wire active,
    input  wire [15:0] tap,
    input  wire signed [16:0] start,
    input  wire [15:0] row_words,
    input  wire [ACTIVATION_BITS-1:0] zero,
    input  wire signed [SUM_BITS-1:0] partial,
    output wire signed [SUM_BITS-1:0] sum
);
  localparam ROW_ADDRESS = $clog2(ROW_WORDS);
  localparam FILTER_ADDRESS = $clog2(FILTER_WORDS);

  reg [ACTIVATION_BITS-1:0] row[0:ROW_WORDS-1];
  reg [WEIGHT_BITS-1:0] filter[0:FILTER_WORDS-1];

  wire signed [17:0] at = start + $signed({2'b0, tap});
  wire on_map = at >= 0 && at < $signed({2'b0, row_words});
  wire [15:0] read_at = slide ? slide_at : at[15:0];
  assign row_out = row[read_at[ROW_ADDRESS-1:0]];
  wire [ACTIVATION_BITS-1:0] x = on_map ? row_out : zero;
  wire [WEIGHT_BITS-1:0] weight = filter[tap[FILTER_ADDRESS-1:0]];
  wire first = tap == 0;

  always @(posedge clock) begin
    if (slide) row[slide_at[ROW_ADDRESS-1:0]] <= row_in;
    if (load) filter[load_at[FILTER_ADDRESS-1:0]] <= weight_in;
  end

  generate
    if (ARITHMETIC == 0) begin : pe
      pe_multiply #(
          .ACTIVATION_BITS(ACTIVATION_BITS), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS)
      ) element (
          .clock(clock), .enable(active), .first(first), .partial(partial), .x(x), .weight(weight), .sum(sum)
      );
    end else if (ARITHMETIC == 1) begin : pe
      pe_shift #(
          .ACTIVATION_BITS(ACTIVATION_BITS), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS)
      ) element (
          .clock(clock), .enable(active), .first(first), .partial(partial), .x(x), .weight(weight), .sum(sum)
      );
    end else begin : pe
      pe_add #(
          .ACTIVATION_BITS(ACTIVATION_BITS), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS)
      ) element (
          .clock(clock), .enable(active), .first(first), .partial(partial), .x(x), .weight(weight), .sum(sum)
      );
    end
  endgenerate
endmodule

`default_nettype wire
