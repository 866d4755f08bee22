// One filter for each channel (groups = channels): no sum over channels, so lanes are channels and a tile is
// M results x V vectors of channels. The passes are those of window.h.
#pragma once
#include "product.h"
#include "weightgradient.h"

namespace ISA::heavy {

struct Depthwise {
  const float* const* in;  // [taps][stride]: pixel of each tap and result
  int64_t stride, taps;
  const float* const* w;   // [taps]
  float* const* y;         // results
  const float* const* x;   // clipped only
  float alpha;
};

/** V vectors of channels from `channel` on; V = 0: `lanes` channels, of a layer that has fewer than a vector. */
template <Operation op, int M, int vectors>
static void depthwiseTile(const Depthwise& d, int64_t channel, int lanes = L) {
  constexpr int V = vectors ? vectors : 1;
  auto get = [&](const float* p) { return vectors ? load(p) : loadPart(p, lanes); };
  vf acc[M][V], x[M][V];
  const vf one = hiddenOne();
#pragma GCC unroll 8
  for (int i = 0; i < M; i++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      acc[i][v] = (vf){};
      x[i][v] = op == clipped ? get(d.x[i] + channel + v * L) : (vf){};
    }
  for (int64_t t = 0; t < d.taps; t++) {
    const float* const* in = d.in + t * d.stride;
    vf w[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) w[v] = get(d.w[t] + channel + v * L);
#pragma GCC unroll 8
    for (int i = 0; i < M; i++) {
      const float* p = in[i] + channel;
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) acc[i][v] = step<op>(acc[i][v], get(p + v * L), w[v], one, x[i][v], (vf){});
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < M; i++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      vf result = vset(d.alpha) * acc[i][v];
      if (vectors)
        store(d.y[i] + channel + v * L, result);
      else
        storePart(d.y[i] + channel, result, lanes);
    }
}

/** All channels of M results. The last vector overlaps the one before it where channels are no multiple of L. */
template <Operation op, int M> static void depthwiseRow(const Depthwise& d, int64_t channels) {
  if (channels < L) return depthwiseTile<op, M, 0>(d, 0, (int)channels);
  int64_t c = 0;
  if constexpr (op != clipped)
    for (; c + 2 * L <= channels; c += 2 * L) depthwiseTile<op, M, 2>(d, c);
  for (; c < channels; c += L) depthwiseTile<op, M, 1>(d, smaller(c, channels - L));
}

template <Operation op>
static void depthwiseProduct(const Pass& p, const float* image, const float* const* w, int64_t channels, float* out,
                             const float* x, float alpha, const float* zeros) {
  const int64_t taps = p.taps(), results = p.results();
  const Cut cut(results, 1, taps * channels * 4);
  parallelFor(cut.rowTasks, [&](int64_t task) {
    const float** in = (const float**)parallel::scratch(parallel::taskA, (taps + 2) * blockRows * 2);
    if (!in) return;
    float** rowsOut = (float**)(in + taps * blockRows);
    const float** rowsX = in + (taps + 1) * blockRows;
    const int64_t from = task * cut.rowsEach, to = smaller(results, from + cut.rowsEach);
    for (int64_t first = from; first < to; first += blockRows) {
      const int64_t count = smaller(blockRows, to - first);
      Cursor at(p, first);
      tapPointers(p, at, count, image, zeros, in, blockRows);
      for (int64_t q = 0; q < count; q++, at.next(p)) {
        int64_t offset = outOffset(p, at);
        rowsOut[q] = out + offset;
        rowsX[q] = op == clipped ? x + offset : nullptr;
      }
      int64_t q = 0;
      auto part = [&] { return Depthwise{in + q, blockRows, taps, w, rowsOut + q, rowsX + q, alpha}; };
      for (; q + 4 <= count; q += 4) depthwiseRow<op, 4>(part(), channels);
      for (; q < count; q++) depthwiseRow<op, 1>(part(), channels);
    }
  });
}

template <Operation op> static void depthwiseForward(const float* x, const float* w, float* y, const Window& g, float alpha) {
  const Pass p = forwardPass(g);
  if (p.results() * g.c == 0) return;
  const float** taps = (const float**)parallel::scratch(parallel::launchA, g.taps() * 2 + 2);
  float* zeros = parallel::scratch(parallel::launchB, g.c + 16);
  if (!taps || !zeros) return;
  zero(zeros, g.c);
  for (int64_t t = 0; t < g.taps(); t++) taps[t] = w + t * g.c;
  depthwiseProduct<op>(p, x, taps, g.c, y, nullptr, alpha, zeros);
}

template <Operation op>
static void depthwiseBackward(const float* x, const float* w, const float* dy, float* dx, const Window& g) {
  if (g.n * g.h * g.w * g.c == 0) return;
  const float** taps = (const float**)parallel::scratch(parallel::launchA, g.taps() * 2 + 2);
  float* zeros = parallel::scratch(parallel::launchB, g.c + 16);
  if (!taps || !zeros) return;
  zero(zeros, g.c);
  for (int64_t top = 0; top < smaller(g.h, g.stride); top++)
    for (int64_t left = 0; left < smaller(g.w, g.stride); left++) {
      const Pass p = backwardPass(g, top, left);
      for (int64_t u = 0; u < p.tapRows; u++)
        for (int64_t v = 0; v < p.tapColumns; v++)
          taps[u * p.tapColumns + v] = w + ((p.tapRow + u * p.tapStep) * g.s + p.tapColumn + v * p.tapStep) * g.c;
      depthwiseProduct<op>(p, dy, taps, g.c, dx, x, 1, zeros);
    }
}

/** sum[t][channel ..] += sum over results of x * dy, T taps at once; the first `skip` lanes are left alone. V as above. */
template <int T, int vectors>
static void depthwiseSums(const float* const* in, int64_t stride, const float* dy, int64_t count, int64_t channels,
                          int64_t channel, float* sum, int skip = 0, int lanes = L) {
  constexpr int V = vectors ? vectors : 1;
  auto get = [&](const float* p) { return vectors ? load(p) : loadPart(p, lanes); };
  vf acc[T][V];
#pragma GCC unroll 4
  for (int t = 0; t < T; t++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) acc[t][v] = (vf){};
  dy += channel;
  for (int64_t q = 0; q < count; q++, dy += channels) {
    vf d[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) d[v] = get(dy + v * L);
#pragma GCC unroll 4
    for (int t = 0; t < T; t++) {
      const float* p = in[t * stride + q] + channel;
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) acc[t][v] += get(p + v * L) * d[v];
    }
  }
#pragma GCC unroll 4
  for (int t = 0; t < T; t++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      float* to = sum + t * channels + channel + v * L;
      if (vectors && skip == 0) {
        store(to, load(to) + acc[t][v]);
        continue;
      }
      float lane[L];
      store(lane, acc[t][v]);
      for (int i = skip; i < lanes; i++) to[i] += lane[i];
    }
}

template <int T>
static void depthwiseSumsOfTaps(const float* const* in, int64_t stride, const float* dy, int64_t count, int64_t channels, float* sum) {
  if (channels < L) return depthwiseSums<T, 0>(in, stride, dy, count, channels, 0, sum, 0, (int)channels);
  int64_t c = 0;
  for (; c + 2 * L <= channels; c += 2 * L) depthwiseSums<T, 2>(in, stride, dy, count, channels, c, sum);
  for (; c < channels; c += L) {
    int64_t at = smaller(c, channels - L);  // may overlap lanes that are summed already
    depthwiseSums<T, 1>(in, stride, dy, count, channels, at, sum, (int)(c - at));
  }
}

static void depthwiseWeightGradient(const float* x, const float* dy, float* dw, const Window& g) {
  const Pass p = forwardPass(g);
  const int64_t taps = g.taps(), channels = g.c, results = p.results();
  if (taps * channels == 0) return;
  if (results == 0) return zero(dw, taps * channels);
  const int64_t worth = worthTasks(results * taps * channels * 4, parts);  // a channel's work is more than multiplying
  const int64_t cuts = larger<int64_t>(1, smaller(worth, results / 64)), each = ceilDiv(results, cuts);
  float* partial = parallel::scratch(parallel::launchA, cuts * taps * channels);
  float* zeros = parallel::scratch(parallel::launchB, channels + 16);
  if (!partial || !zeros) return;
  zero(zeros, channels);
  parallelFor(cuts, [&](int64_t part) {
    float* sum = partial + part * taps * channels;
    zero(sum, taps * channels);
    const float** in = (const float**)parallel::scratch(parallel::taskA, taps * chunkRows * 2);
    if (!in) return;
    const int64_t from = part * each, to = smaller(results, from + each);
    for (int64_t first = from; first < to; first += chunkRows) {
      const int64_t count = smaller(chunkRows, to - first);
      tapPointers(p, Cursor(p, first), count, x, zeros, in, chunkRows);
      const float* d = dy + first * channels;
      int64_t t = 0;
      for (; t + 3 <= taps; t += 3) depthwiseSumsOfTaps<3>(in + t * chunkRows, chunkRows, d, count, channels, sum + t * channels);
      for (; t < taps; t++) depthwiseSumsOfTaps<1>(in + t * chunkRows, chunkRows, d, count, channels, sum + t * channels);
    }
  });
  addParts(partial, cuts, taps, channels, dw, channels);
}

}  // namespace ISA::heavy
