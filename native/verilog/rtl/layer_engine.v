// A row of elements that computes one window layer at a time, row-stationary: every element keeps one row of a filter
// and the row of the map under it, sums wander along the elements, and the last one's sum is requantised and written.
//
//             rows of the map, from below
//                       |
//   0 -> [element] -> [element] -> ... -> [last element] -> requantise -> outputs
//        row 0         row 1                 row r - 1
//
// For each group of channels: rows move up until the first windows lie under the filter; then for each output row, for
// each filter of the group: its weights are loaded, and one output column after the other passes the elements, each
// element one column behind the one before it. Between output rows the map moves up by `stride` rows, so every word of
// the map is read once a group.
//
// Memories outside answer one clock later. Sizes come as products (a row of words = columns * channels), so that the
// engine multiplies nothing but activations and weights, and that only where ARITHMETIC and REQUANTISE say so.
`default_nettype none

module layer_engine #(
    parameter ARITHMETIC = 0,  // 0 multiply, 1 shift, 2 add
    parameter REQUANTISE = 0,  // 0 multiply, 1 terms
    parameter ACTIVATION_BITS = 8,
    parameter WEIGHT_BITS = 8,
    parameter SUM_BITS = 32,
    parameter VALUE_BITS = 16,
    parameter ROWS = 3,  // elements: the most rows of a window
    parameter ROW_WORDS = 256,  // words of a map's row that an element holds
    parameter FILTER_WORDS = 64  // words of a filter's row
) (
    input wire clock,
    input wire reset,
    input wire start,
    output reg done,

    // the layer
    input wire [15:0] map_rows,
    input wire [15:0] pad,
    input wire [15:0] stride,
    input wire [15:0] window_rows,
    input wire [15:0] groups,
    input wire [15:0] group_channels,
    input wire [15:0] group_filters,
    input wire [15:0] next_position,  // channels of the map - group_channels + 1
    input wire [15:0] row_words,  // columns of the map * group_channels
    input wire [15:0] window_words,  // columns of the window * group_channels
    input wire [15:0] stride_words,
    input wire [15:0] pad_words,
    input wire [15:0] output_rows,
    input wire [15:0] output_columns,
    input wire [15:0] output_channels,
    input wire [31:0] output_row_words,
    input wire [ACTIVATION_BITS-1:0] zero,
    input wire signed [VALUE_BITS-1:0] low,
    input wire signed [VALUE_BITS-1:0] high,
    input wire [4:0] terms_shift,

    // memories
    output reg [31:0] map_address,
    input wire [ACTIVATION_BITS-1:0] map_word,
    output reg [31:0] weight_address,
    input wire [WEIGHT_BITS-1:0] weight_word,
    output reg [15:0] filter,  // address of its scale
    input wire [71:0] scale_word,
    output reg write,
    output reg [31:0] write_address,
    output wire signed [VALUE_BITS-1:0] write_word
);
  localparam IDLE = 0, SLIDE = 1, LOAD = 2, SETTLE = 3, RUN = 4, FINISH = 5;
  reg [2:0] state;

  // ---- where the work stands ----
  reg [15:0] group, group_filter, output_row;
  reg [15:0] first_filter;  // of the group
  reg [31:0] group_map, group_weights, row_outputs, next_output;

  // ---- rows move up: a word a clock ----
  reg [15:0] slides, slide_at, channel;
  reg signed [16:0] map_row;
  wire row_inside = map_row >= 0 && map_row < $signed({1'b0, map_rows});
  reg sliding, sliding_inside;
  reg [15:0] sliding_at;

  // ---- weights: a word a clock ----
  reg [15:0] load_row, load_at;
  reg loading;
  reg [15:0] loading_row, loading_at;

  // ---- sums ----
  reg [15:0] tap, column;
  reg signed [16:0] lead_start;
  wire running = state == RUN;
  wire last_tap = tap == window_words - 1;
  wire lead_active = running && column < output_columns;
  wire [15:0] lead = ROWS - window_rows;  // the element with row 0 of the filter

  // what element i hands to element i + 1 lies at place i + 1 of these, and rows of the map come the other way
  wire [(ROWS+1)*ACTIVATION_BITS-1:0] row;
  wire [(ROWS+1)*SUM_BITS-1:0] sum;
  reg [ROWS:0] was_active;
  reg [(ROWS+1)*17-1:0] was_start;
  wire [ROWS-1:0] active;
  wire [SUM_BITS-1:0] last_sum = sum[ROWS*SUM_BITS+:SUM_BITS];
  assign row[ROWS*ACTIVATION_BITS+:ACTIVATION_BITS] = sliding_inside ? map_word : zero;
  assign sum[0+:SUM_BITS] = 0;

  genvar i;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : elements
      wire leads = lead == i;
      wire signed [16:0] start_here = leads ? lead_start : was_start[i*17+:17];
      assign active[i] = leads ? lead_active : running && was_active[i];

      always @(posedge clock) begin
        if (reset || !running) was_active[i+1] <= 0;
        else if (last_tap) was_active[i+1] <= active[i];
        if (last_tap) was_start[(i+1)*17+:17] <= start_here;
      end

      row_element #(
          .ARITHMETIC(ARITHMETIC), .ACTIVATION_BITS(ACTIVATION_BITS), .WEIGHT_BITS(WEIGHT_BITS),
          .SUM_BITS(SUM_BITS), .ROW_WORDS(ROW_WORDS), .FILTER_WORDS(FILTER_WORDS)
      ) element (
          .clock(clock),
          .slide(sliding), .slide_at(sliding_at),
          .row_in(row[(i+1)*ACTIVATION_BITS+:ACTIVATION_BITS]), .row_out(row[i*ACTIVATION_BITS+:ACTIVATION_BITS]),
          .load(loading && loading_row + lead == i), .load_at(loading_at), .weight_in(weight_word),
          .active(active[i]), .tap(tap), .start(start_here), .row_words(row_words), .zero(zero),
          .partial(leads ? {SUM_BITS{1'b0}} : sum[i*SUM_BITS+:SUM_BITS]), .sum(sum[(i+1)*SUM_BITS+:SUM_BITS])
      );
    end
  endgenerate

  // ---- the last sum becomes a stored number ----
  generate
    if (REQUANTISE == 0) begin : requantise
      requantise_multiply #(.SUM_BITS(SUM_BITS), .VALUE_BITS(VALUE_BITS)) unit (
          .sum(last_sum), .scale(scale_word), .low(low), .high(high), .y(write_word)
      );
    end else begin : requantise
      requantise_terms #(.SUM_BITS(SUM_BITS), .VALUE_BITS(VALUE_BITS)) unit (
          .sum(last_sum), .scale(scale_word[63:0]), .shift(terms_shift), .low(low), .high(high), .y(write_word)
      );
    end
  endgenerate

  wire last_word = slide_at == row_words - 1;
  wire last_weight = load_at == window_words - 1;
  wire last_column = column == output_columns + window_rows - 2;
  wire last_filter = group_filter == group_filters - 1;
  wire last_row = output_row == output_rows - 1;

  // nothing comes before the first element
  always @(posedge clock) begin
    was_active[0] <= 0;
    was_start[16:0] <= 0;
  end

  always @(posedge clock) begin
    done <= 0;
    sliding <= state == SLIDE;
    sliding_inside <= row_inside;
    sliding_at <= slide_at;
    loading <= state == LOAD;
    loading_row <= load_row;
    loading_at <= load_at;
    write <= active[ROWS-1] && last_tap;
    if (active[ROWS-1] && last_tap) begin
      write_address <= next_output;
      next_output <= next_output + output_channels;
    end

    case (state)
      IDLE:
      if (start) begin
        group <= 0;
        group_filter <= 0;
        first_filter <= 0;
        filter <= 0;
        output_row <= 0;
        row_outputs <= 0;
        next_output <= 0;
        group_map <= 0;
        map_address <= 0;
        group_weights <= 0;
        weight_address <= 0;
        map_row <= -$signed({1'b0, pad});
        slides <= window_rows;
        slide_at <= 0;
        channel <= 0;
        state <= SLIDE;
      end

      SLIDE: begin
        channel <= channel == group_channels - 1 ? 0 : channel + 1;
        if (row_inside) map_address <= map_address + (channel == group_channels - 1 ? next_position : 1);
        slide_at <= last_word ? 0 : slide_at + 1;
        if (last_word) begin
          map_row <= map_row + 1;
          slides <= slides - 1;
          if (slides == 1) begin
            load_row <= 0;
            load_at <= 0;
            state <= LOAD;
          end
        end
      end

      LOAD: begin
        weight_address <= weight_address + 1;
        load_at <= last_weight ? 0 : load_at + 1;
        if (last_weight) load_row <= load_row + 1;
        if (last_weight && load_row == window_rows - 1) state <= SETTLE;
      end

      // the last weight arrives
      SETTLE: begin
        tap <= 0;
        column <= 0;
        lead_start <= -$signed({1'b0, pad_words});
        state <= RUN;
      end

      RUN: begin
        tap <= last_tap ? 0 : tap + 1;
        if (last_tap) begin
          column <= column + 1;
          lead_start <= lead_start + $signed({1'b0, stride_words});
        end
        if (last_tap && last_column) begin
          load_row <= 0;
          load_at <= 0;
          if (!last_filter) begin
            group_filter <= group_filter + 1;
            filter <= filter + 1;
            next_output <= row_outputs + filter + 1;
            state <= LOAD;
          end else begin
            group_filter <= 0;
            slide_at <= 0;
            channel <= 0;
            if (!last_row) begin
              output_row <= output_row + 1;
              filter <= first_filter;
              row_outputs <= row_outputs + output_row_words;
              next_output <= row_outputs + output_row_words + first_filter;
              weight_address <= group_weights;
              slides <= stride;
              state <= SLIDE;
            end else begin
              group <= group + 1;
              output_row <= 0;
              filter <= filter + 1;
              first_filter <= filter + 1;
              row_outputs <= 0;
              next_output <= filter + 1;
              group_weights <= weight_address;
              group_map <= group_map + group_channels;
              map_address <= group_map + group_channels;
              map_row <= -$signed({1'b0, pad});
              slides <= window_rows;
              state <= group == groups - 1 ? FINISH : SLIDE;
            end
          end
        end
      end

      // the last output is written in this clock
      FINISH: begin
        done <= 1;
        state <= IDLE;
      end

      default: state <= IDLE;
    endcase

    if (reset) begin
      state <= IDLE;
      write <= 0;
      sliding <= 0;
      loading <= 0;
    end
  end
endmodule

`default_nettype wire
