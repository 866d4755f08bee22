// From a sum to a stored number without multiplication: a factor as a sum of at most four signed powers of two.
//
//   t = addend + sum over k of sign[k] * (place[k] >= 0 ? sum << place[k] : sum >> -place[k])
//   y = clamp(t >> shift, low, high)
//
// `scale` is {term 3 ... term 0, addend} of the output channel, a term {sign, place} with 2 and 6 bits; the shift is
// the layer's. A sign of 0 means that there is no such term.
`default_nettype none

module requantise_terms #(
    parameter SUM_BITS = 32,
    parameter VALUE_BITS = 16
) (
    input  wire signed [SUM_BITS-1:0] sum,
    input  wire [SUM_BITS+31:0] scale,
    input  wire [4:0] shift,
    input  wire signed [VALUE_BITS-1:0] low,
    input  wire signed [VALUE_BITS-1:0] high,
    output wire signed [VALUE_BITS-1:0] y
);
  function signed [SUM_BITS-1:0] part(input signed [SUM_BITS-1:0] from, input [7:0] term);
    reg signed [SUM_BITS-1:0] moved;
    reg [4:0] right;
    begin
      right = -term[4:0];
      moved = term[5] ? from >>> right : from << term[4:0];
      part  = term[7] ? -moved : term[6] ? moved : 0;
    end
  endfunction

  wire signed [SUM_BITS-1:0] addend = scale[SUM_BITS-1:0];
  wire signed [SUM_BITS-1:0] total =
      addend + part(sum, scale[SUM_BITS+:8]) + part(sum, scale[SUM_BITS+8+:8])
      + part(sum, scale[SUM_BITS+16+:8]) + part(sum, scale[SUM_BITS+24+:8]);
  wire signed [SUM_BITS-1:0] scaled = total >>> shift;
  assign y = scaled < low ? low : scaled > high ? high : scaled[VALUE_BITS-1:0];
endmodule

`default_nettype wire
