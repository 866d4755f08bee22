// Passes over the pixels of an image on its way into a batch, as a WebAssembly module of its own: without threads, for
// every thread that makes batches has one. What each pass means is in src/data/augment/plain-picture.ts; the bytes are the
// same, so arithmetic has the same order and precision here as there.
//
// Nothing is allocated. The host (wasm-picture.ts) lays out memory from __heap_base on and hands in offsets. Loops over
// twelve bytes of sixteen end where the sixteen would reach beyond the picture.
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

/** Cut off below the point, 0 to 255. */
inline uint8_t toByte(float value) {
  const float low = value > 0 ? value : 0;
  return static_cast<uint8_t>(static_cast<int32_t>(low < 255 ? low : 255));
}

inline int32_t luma(const uint8_t* rgb) {
  return (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16;
}

/** degenerate + alpha * (value - degenerate) in single precision. */
inline uint8_t blended(int32_t degenerate, int32_t value, float alpha) {
  const float product = alpha * static_cast<float>(value - degenerate);
  return toByte(static_cast<float>(degenerate) + product);
}

/** base + alpha * difference, cut off below the point, 0 to 255: the low bits of 2^23 and the whole number. */
inline v128_t sums(v128_t base, v128_t difference, v128_t alpha) {
  const v128_t product = wasm_f32x4_mul(alpha, wasm_f32x4_convert_i32x4(difference));
  const v128_t sum = wasm_f32x4_add(wasm_f32x4_convert_i32x4(base), product);
  const v128_t byte = wasm_f32x4_pmax(wasm_f32x4_const_splat(0), wasm_f32x4_pmin(wasm_f32x4_const_splat(255), sum));
  const v128_t bits = wasm_f32x4_add(wasm_f32x4_floor(byte), wasm_f32x4_const_splat(8388608));
  return wasm_v128_and(bits, wasm_i32x4_const_splat(255));
}

/** The same for sixteen bytes. */
inline v128_t blended(v128_t degenerate, v128_t value, v128_t alpha) {
  const v128_t bases[2] = {wasm_u16x8_extend_low_u8x16(degenerate), wasm_u16x8_extend_high_u8x16(degenerate)};
  const v128_t values[2] = {wasm_u16x8_extend_low_u8x16(value), wasm_u16x8_extend_high_u8x16(value)};
  v128_t halves[2];
  for (int32_t half = 0; half < 2; half++) {
    const v128_t difference = wasm_i16x8_sub(values[half], bases[half]);
    const v128_t low = sums(wasm_u32x4_extend_low_u16x8(bases[half]), wasm_i32x4_extend_low_i16x8(difference), alpha);
    const v128_t high = sums(wasm_u32x4_extend_high_u16x8(bases[half]), wasm_i32x4_extend_high_i16x8(difference), alpha);
    halves[half] = wasm_i16x8_narrow_i32x4(low, high);
  }
  return wasm_u8x16_narrow_i16x8(halves[0], halves[1]);
}

/** Luma of the first four pixels of sixteen bytes. */
inline v128_t lumas(v128_t rgb) {
  const v128_t none = wasm_i8x16_const_splat(0);
  const v128_t red = wasm_i8x16_shuffle(rgb, none, 0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16);
  const v128_t green = wasm_i8x16_shuffle(rgb, none, 1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16);
  const v128_t blue = wasm_i8x16_shuffle(rgb, none, 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16);
  const v128_t sum = wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_mul(red, wasm_i32x4_const_splat(19595)),
                                                   wasm_i32x4_mul(green, wasm_i32x4_const_splat(38470))),
                                    wasm_i32x4_add(wasm_i32x4_mul(blue, wasm_i32x4_const_splat(7471)),
                                                   wasm_i32x4_const_splat(0x8000)));
  return wasm_i32x4_shr(sum, 16);
}

inline double between(double a, double b, double share) { return a + (b - a) * share; }

/** The whole number below; `value` far below 2^51. A conversion that cuts off would take several instructions more. */
inline int32_t floorOf(double value) {
  const double shifted = __builtin_floor(value) + 6755399441055744.0;  // 1.5 * 2^52: the low bits are the number
  int64_t bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  return static_cast<int32_t>(bits);
}

inline int32_t clampTo(int32_t at, int32_t size) { return at < 0 ? 0 : at >= size ? size - 1 : at; }

}  // namespace

EXPORT(place)
void place(const uint8_t* __restrict source, uint8_t* __restrict data, int32_t height, int32_t width, int32_t channels,
           int32_t top, int32_t left, int32_t mirrored, int32_t edge) {
  const int32_t line = width * channels;
  // columns of the result that show the image: the others lie in the padding
  const int32_t first = mirrored ? left : -left, last = first + width;
  const int32_t from = clampTo(first, width + 1), to = clampTo(last, width + 1);
  for (int32_t row = 0; row < height; row++, data += line) {
    const int32_t seen = edge ? clampTo(row + top, height) : row + top;
    if (seen < 0 || seen >= height) {
      __builtin_memset(data, 0, line);
      continue;
    }
    const uint8_t* pixels = source + seen * line;
    if (!mirrored) {
      const uint8_t* shown = pixels + left * channels;
      for (int32_t i = from * channels; i < to * channels; i++) data[i] = shown[i];
    } else {
      const uint8_t* shown = pixels + (width - 1 + left - from) * channels;
      for (int32_t column = from; column < to; column++, shown -= channels) {
        for (int32_t c = 0; c < channels; c++) data[column * channels + c] = shown[c];
      }
    }
    for (int32_t column = 0; column < width; column++) {
      if (column == from && from < to) column = to;
      if (column >= width) break;
      const int32_t at = clampTo((mirrored ? width - 1 - column : column) + left, width);
      for (int32_t c = 0; c < channels; c++) data[column * channels + c] = edge ? pixels[at * channels + c] : 0;
    }
  }
}

EXPORT(lookUp)
void lookUp(uint8_t* data, const uint8_t* tables, int32_t values, int32_t channels) {
  if (channels == 3) {
    for (int32_t i = 0; i + 2 < values; i += 3) {
      data[i] = tables[data[i]];
      data[i + 1] = tables[256 + data[i + 1]];
      data[i + 2] = tables[512 + data[i + 2]];
    }
    return;
  }
  for (int32_t i = 0; i < values;) {
    for (int32_t c = 0; c < channels; c++, i++) data[i] = tables[256 * c + data[i]];
  }
}

EXPORT(count)
void count(const uint8_t* data, uint32_t* counts, int32_t values, int32_t channels) {
  __builtin_memset(counts, 0, 4 * 256 * channels);
  for (int32_t i = 0; i < values;) {
    for (int32_t c = 0; c < channels; c++, i++) counts[256 * c + data[i]]++;
  }
}

EXPORT(lumaSum)
double lumaSum(const uint8_t* data, int32_t values, int32_t channels) {
  double sum = 0;
  int32_t i = 0;
  if (channels == 3) {
    v128_t each = wasm_i32x4_const_splat(0);
    for (; i + 16 <= values; i += 12) each = wasm_i32x4_add(each, lumas(wasm_v128_load(data + i)));
    sum += wasm_i32x4_extract_lane(each, 0);
    sum += wasm_i32x4_extract_lane(each, 1);
    sum += wasm_i32x4_extract_lane(each, 2);
    sum += wasm_i32x4_extract_lane(each, 3);
  }
  for (; i < values; i += channels) sum += channels == 3 ? luma(data + i) : data[i];
  return sum;
}

EXPORT(saturate)
void saturate(uint8_t* data, uint8_t* greys, int32_t values, float alpha) {
  int32_t i = 0;
  for (; i + 16 <= values; i += 12) {
    const v128_t four = lumas(wasm_v128_load(data + i));
    wasm_v128_store(greys + i, wasm_i8x16_shuffle(four, four, 0, 0, 0, 4, 4, 4, 8, 8, 8, 12, 12, 12, 0, 0, 0, 0));
  }
  for (; i < values; i += 3) greys[i] = greys[i + 1] = greys[i + 2] = static_cast<uint8_t>(luma(data + i));
  const v128_t by = wasm_f32x4_splat(alpha);
  for (i = 0; i + 16 <= values; i += 16) {
    wasm_v128_store(data + i, blended(wasm_v128_load(greys + i), wasm_v128_load(data + i), by));
  }
  for (; i < values; i++) data[i] = blended(greys[i], data[i], alpha);
}

EXPORT(sharpen)
void sharpen(uint8_t* __restrict data, uint8_t* __restrict source, int32_t height, int32_t width, int32_t channels,
             float alpha) {
  const int32_t line = width * channels;
  __builtin_memcpy(source, data, height * line);
  for (int32_t row = 1; row < height - 1; row++) {
    const uint8_t* s = source + row * line;
    uint8_t* d = data + row * line;
    for (int32_t i = channels; i < line - channels; i++) {
      const int32_t value = s[i];
      const uint8_t *above = s + i - line, *below = s + i + line;
      const int32_t sum = above[-channels] + above[0] + above[channels] + s[i - channels] + 5 * value +
                          s[i + channels] + below[-channels] + below[0] + below[channels];
      d[i] = blended((2 * sum + 13) / 26, value, alpha);
    }
  }
}

EXPORT(transform)
void transform(uint8_t* __restrict data, uint8_t* __restrict source, int32_t height, int32_t width, int32_t channels,
            double a, double b, double c, double d, double e, double f, const uint8_t* fill) {
  const int32_t line = width * channels;
  __builtin_memcpy(source, data, height * line);
  for (int32_t row = 0; row < height; row++) {
    for (int32_t column = 0; column < width; column++, data += channels) {
      const double x = a * (column + 0.5) + b * (row + 0.5) + c;
      const double y = d * (column + 0.5) + e * (row + 0.5) + f;
      if (x < 0 || x >= width || y < 0 || y >= height) {
        for (int32_t k = 0; k < channels; k++) data[k] = fill[k];
        continue;
      }
      const int32_t left = floorOf(x - 0.5), top = floorOf(y - 0.5);
      const double dx = x - 0.5 - left, dy = y - 0.5 - top;
      const uint8_t* upper = source + (top < 0 ? 0 : top) * line;
      const uint8_t* lower = source + (top + 1 < height ? top + 1 : height - 1) * line;
      const int32_t west = (left < 0 ? 0 : left) * channels;
      const int32_t east = (left + 1 < width ? left + 1 : width - 1) * channels;
      // between rows or between columns alone: two values in place of four
      if (dy == 0 || dx == 0) {
        const uint8_t *first = upper + west, *second = dy == 0 ? upper + east : lower + west;
        const double share = dy == 0 ? dx : dy;
        for (int32_t k = 0; k < channels; k++) {
          data[k] = static_cast<uint8_t>(floorOf(between(first[k], second[k], share)));
        }
        continue;
      }
      for (int32_t k = 0; k < channels; k++) {
        const double above = between(upper[west + k], upper[east + k], dx);
        const double below = between(lower[west + k], lower[east + k], dx);
        data[k] = static_cast<uint8_t>(floorOf(between(above, below, dy)));
      }
    }
  }
}

EXPORT(normalise)
void normalise(const uint8_t* data, const float* tables, float* out, int32_t values, int32_t channels) {
  if (channels == 3) {
    for (int32_t i = 0; i + 2 < values; i += 3) {
      out[i] = tables[data[i]];
      out[i + 1] = tables[256 + data[i + 1]];
      out[i + 2] = tables[512 + data[i + 2]];
    }
    return;
  }
  for (int32_t i = 0; i < values;) {
    for (int32_t c = 0; c < channels; c++, i++) out[i] = tables[256 * c + data[i]];
  }
}

namespace {

constexpr int32_t FRACTION_BITS = 22;

/** The sums of one pixel of four channels, of which the last is not its own, as bytes; the rest is 0. */
inline v128_t bytesOf(v128_t sums) {
  const v128_t whole = wasm_i32x4_shr(sums, FRACTION_BITS);
  const v128_t halves = wasm_i16x8_narrow_i32x4(whole, whole);
  return wasm_u8x16_narrow_i16x8(halves, halves);
}

}  // namespace

// Every line of RGB pixels becomes `count` pixels. Reads up to four bytes behind the last pixel and writes four at every one.
EXPORT(resampleColumns)
void resampleColumns(const uint8_t* __restrict rows, uint8_t* __restrict narrow, int32_t height, int32_t line,
                     int32_t count, const int32_t* first, const int32_t* used, const int32_t* weights, int32_t taps) {
  const v128_t half = wasm_i32x4_const_splat(1 << (FRACTION_BITS - 1));
  for (int32_t row = 0; row < height; row++, rows += line) {
    for (int32_t i = 0; i < count; i++, narrow += 3) {
      const uint8_t* pixel = rows + 3 * first[i];
      const int32_t* by = weights + i * taps;
      v128_t sums = half;
      int32_t k = 0;
      for (; k + 4 <= used[i]; k += 4, pixel += 12) {
        const v128_t four = wasm_v128_load(pixel), none = wasm_i8x16_const_splat(0);
        const v128_t a = wasm_i8x16_shuffle(four, none, 0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 16, 16, 16, 16);
        const v128_t b = wasm_i8x16_shuffle(four, none, 3, 16, 16, 16, 4, 16, 16, 16, 5, 16, 16, 16, 16, 16, 16, 16);
        const v128_t c = wasm_i8x16_shuffle(four, none, 6, 16, 16, 16, 7, 16, 16, 16, 8, 16, 16, 16, 16, 16, 16, 16);
        const v128_t d = wasm_i8x16_shuffle(four, none, 9, 16, 16, 16, 10, 16, 16, 16, 11, 16, 16, 16, 16, 16, 16, 16);
        const v128_t ab = wasm_i32x4_add(wasm_i32x4_mul(a, wasm_v128_load32_splat(by + k)),
                                         wasm_i32x4_mul(b, wasm_v128_load32_splat(by + k + 1)));
        const v128_t cd = wasm_i32x4_add(wasm_i32x4_mul(c, wasm_v128_load32_splat(by + k + 2)),
                                         wasm_i32x4_mul(d, wasm_v128_load32_splat(by + k + 3)));
        sums = wasm_i32x4_add(sums, wasm_i32x4_add(ab, cd));
      }
      for (; k < used[i]; k++, pixel += 3) {
        const v128_t values = wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(pixel)));
        sums = wasm_i32x4_add(sums, wasm_i32x4_mul(values, wasm_v128_load32_splat(by + k)));
      }
      wasm_v128_store32_lane(narrow, bytesOf(sums), 0);
    }
  }
}

// `count` lines out of those of `narrow`, of which each has `line` bytes. Reads and writes up to 15 bytes behind a line.
EXPORT(resampleRows)
void resampleRows(const uint8_t* __restrict narrow, uint8_t* __restrict out, int32_t line, int32_t count,
                  const int32_t* first, const int32_t* used, const int32_t* weights, int32_t taps) {
  const v128_t half = wasm_i32x4_const_splat(1 << (FRACTION_BITS - 1));
  for (int32_t row = 0; row < count; row++, out += line, weights += taps) {
    for (int32_t i = 0; i < line; i += 16) {
      v128_t sums[4] = {half, half, half, half};
      const uint8_t* bytes = narrow + first[row] * line + i;
      for (int32_t k = 0; k < used[row]; k++, bytes += line) {
        const v128_t sixteen = wasm_v128_load(bytes), by = wasm_v128_load32_splat(weights + k);
        const v128_t low = wasm_u16x8_extend_low_u8x16(sixteen), high = wasm_u16x8_extend_high_u8x16(sixteen);
        sums[0] = wasm_i32x4_add(sums[0], wasm_i32x4_mul(wasm_u32x4_extend_low_u16x8(low), by));
        sums[1] = wasm_i32x4_add(sums[1], wasm_i32x4_mul(wasm_u32x4_extend_high_u16x8(low), by));
        sums[2] = wasm_i32x4_add(sums[2], wasm_i32x4_mul(wasm_u32x4_extend_low_u16x8(high), by));
        sums[3] = wasm_i32x4_add(sums[3], wasm_i32x4_mul(wasm_u32x4_extend_high_u16x8(high), by));
      }
      for (v128_t& four : sums) four = wasm_i32x4_shr(four, FRACTION_BITS);
      wasm_v128_store(out + i, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(sums[0], sums[1]),
                                                       wasm_i16x8_narrow_i32x4(sums[2], sums[3])));
    }
  }
}
