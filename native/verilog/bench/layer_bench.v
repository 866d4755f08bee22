// Runs the engine on one layer and compares every output with what the reference interpreter gave.
//
//   +engine=NAME    the bench of that NAME runs, others stand still
//   +layer=FOLDER   holds layer.hex, weights.hex, scales.hex, and for each image n map-n.hex and expected-n.hex
//   +images=N
//
// Prints one line for each image, and for the first output that differs another.
`default_nettype none

// A memory that answers one clock later.
module memory #(
    parameter BITS = 8,
    parameter WORDS = 1024
) (
    input wire clock,
    input wire [31:0] address,
    output reg [BITS-1:0] word
);
  reg [BITS-1:0] words[0:WORDS-1];
  always @(posedge clock) word <= words[address];
endmodule

module layer_bench #(
    parameter NAME = "engine",
    parameter ARITHMETIC = 0,
    parameter REQUANTISE = 0,
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS = 8,
    parameter ROWS = 3,
    parameter ROW_WORDS = 256,
    parameter FILTER_WORDS = 64,
    parameter MAP_WORDS = 4096,
    parameter WEIGHT_WORDS = 4096,
    parameter CHANNELS = 64,
    parameter OUTPUT_WORDS = 4096
);
  localparam VALUE_BITS = 16;
  localparam FIELDS = 22;

  reg chosen = 0;
  reg clock = 0;
  reg reset = 1;
  reg start = 0;
  wire done;
  always begin
    wait (chosen);
    #1 clock = !clock;
  end

  reg [31:0] layer[0:FIELDS-1];
  reg [VALUE_BITS-1:0] expected[0:OUTPUT_WORDS-1];
  reg [VALUE_BITS-1:0] outputs[0:OUTPUT_WORDS-1];

  wire [31:0] map_address, weight_address, write_address;
  wire [15:0] filter;
  wire [ACTIVATION_BITS-1:0] map_word;
  wire [WEIGHT_BITS-1:0] weight_word;
  wire [71:0] scale_word;
  wire write;
  wire signed [VALUE_BITS-1:0] write_word;

  memory #(.BITS(ACTIVATION_BITS), .WORDS(MAP_WORDS)) map (
      .clock(clock), .address(map_address), .word(map_word)
  );
  memory #(.BITS(WEIGHT_BITS), .WORDS(WEIGHT_WORDS)) weights (
      .clock(clock), .address(weight_address), .word(weight_word)
  );
  memory #(.BITS(72), .WORDS(CHANNELS)) scales (
      .clock(clock), .address({16'b0, filter}), .word(scale_word)
  );

  layer_engine #(
      .ARITHMETIC(ARITHMETIC), .REQUANTISE(REQUANTISE), .ACTIVATION_BITS(ACTIVATION_BITS),
      .WEIGHT_BITS(WEIGHT_BITS), .VALUE_BITS(VALUE_BITS), .ROWS(ROWS), .ROW_WORDS(ROW_WORDS),
      .FILTER_WORDS(FILTER_WORDS)
  ) engine (
      .clock(clock), .reset(reset), .start(start), .done(done),
      .map_rows(layer[0][15:0]), .pad(layer[1][15:0]), .stride(layer[2][15:0]),
      .window_rows(layer[3][15:0]), .groups(layer[4][15:0]), .group_channels(layer[5][15:0]),
      .group_filters(layer[6][15:0]), .next_position(layer[7][15:0]), .row_words(layer[8][15:0]),
      .window_words(layer[9][15:0]), .stride_words(layer[10][15:0]), .pad_words(layer[11][15:0]),
      .output_rows(layer[12][15:0]), .output_columns(layer[13][15:0]), .output_channels(layer[14][15:0]),
      .output_row_words(layer[15]), .zero(layer[16][ACTIVATION_BITS-1:0]),
      .low(layer[17][VALUE_BITS-1:0]), .high(layer[18][VALUE_BITS-1:0]), .terms_shift(layer[19][4:0]),
      .map_address(map_address), .map_word(map_word),
      .weight_address(weight_address), .weight_word(weight_word),
      .filter(filter), .scale_word(scale_word),
      .write(write), .write_address(write_address), .write_word(write_word)
  );

  integer written = 0;
  always @(posedge clock)
    if (write) begin
      outputs[write_address] <= write_word;
      written <= written + 1;
    end

  integer images, image, clocks, differ, at, map_words, output_words;
  reg [8*256-1:0] engine_name;
  reg [8*1024-1:0] folder, path;

  initial begin
    if (!$value$plusargs("engine=%s", engine_name)) engine_name = 0;
    chosen = engine_name == NAME;
    wait (chosen);
    if (!$value$plusargs("layer=%s", folder)) begin
      $display("which layer? +layer=FOLDER");
      $finish;
    end
    if (!$value$plusargs("images=%d", images)) images = 1;
    $sformat(path, "%0s/layer.hex", folder);
    $readmemh(path, layer);
    map_words = layer[20];
    output_words = layer[12] * layer[15];
    $sformat(path, "%0s/weights.hex", folder);
    $readmemh(path, weights.words, 0, layer[21] - 1);
    $sformat(path, "%0s/scales.hex", folder);
    $readmemh(path, scales.words, 0, layer[14] - 1);

    for (image = 0; image < images; image = image + 1) begin
      $sformat(path, "%0s/map-%0d.hex", folder, image);
      $readmemh(path, map.words, 0, map_words - 1);
      $sformat(path, "%0s/expected-%0d.hex", folder, image);
      $readmemh(path, expected, 0, output_words - 1);
      for (at = 0; at < output_words; at = at + 1) outputs[at] = {VALUE_BITS{1'bx}};
      reset = 1;
      written = 0;
      @(negedge clock);
      @(negedge clock);
      reset = 0;
      start = 1;
      @(negedge clock);
      start = 0;
      clocks = 1;
      while (!done) begin
        @(negedge clock);
        clocks = clocks + 1;
      end
      differ = 0;
      for (at = 0; at < output_words; at = at + 1)
        if (outputs[at] !== expected[at]) begin
          if (differ == 0)
            $display("first difference at %0d: %0d for %0d", at, $signed(outputs[at]), $signed(expected[at]));
          differ = differ + 1;
        end
      if (written != output_words) begin
        $display("%0d outputs written where %0d belong", written, output_words);
        differ = differ + 1;
      end
      $display("%0s image %0d: %0d outputs, %0d differ, %0d clocks", folder, image, output_words, differ, clocks);
    end
    $finish;
  end
endmodule

`default_nettype wire
