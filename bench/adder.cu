// Adder layers over unfolded images, for bench/gpu_peer.py: x [rows, k], w [k, m], y [rows, m].
//   forward   y  = - sum over k of |x - w|
//   inputs    dx = sum over m of clamp(w - x, -1, 1) * dy
//   weights   dw = sum over rows of (x - w) * dy
// A block computes 64 x 64 results, a thread 4 x 4 of them; strips of 16 of both operands go through shared memory.
#define TILE 64
#define STRIP 16

// a [rows, depth] and b [depth, columns] with strides, so that transposes are read as they are; own is the result's place.
template <int KIND>
__global__ void adder(const float* a, int aRow, int aDepth, const float* b, int bDepth, int bColumn, const float* own,
                      float* out, int rows, int columns, int depth) {
  __shared__ float as[STRIP][TILE + 4];
  __shared__ float bs[STRIP][TILE + 4];
  const int local = threadIdx.x, x = local % 16, y = local / 16;
  const int row = blockIdx.y * TILE, column = blockIdx.x * TILE;
  float sums[4][4] = {}, owns[4][4] = {};
  if (KIND != 0)
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++)
        if (row + 4 * y + i < rows && column + 4 * x + j < columns)
          owns[i][j] = own[(size_t)(row + 4 * y + i) * columns + column + 4 * x + j];
  for (int k = 0; k < depth; k += STRIP) {
    for (int unit = local; unit < TILE * STRIP; unit += 256) {
      const int ai = aDepth == 1 ? unit / STRIP : unit % TILE, ak = aDepth == 1 ? unit % STRIP : unit / TILE;
      as[ak][ai] = row + ai < rows && k + ak < depth ? a[(size_t)(row + ai) * aRow + (size_t)(k + ak) * aDepth] : 0;
      const int bj = bDepth == 1 ? unit / STRIP : unit % TILE, bk = bDepth == 1 ? unit % STRIP : unit / TILE;
      bs[bk][bj] =
          column + bj < columns && k + bk < depth ? b[(size_t)(k + bk) * bDepth + (size_t)(column + bj) * bColumn] : 0;
    }
    __syncthreads();
    for (int s = 0; s < STRIP; s++)
      for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
          const float left = as[s][4 * y + i], right = bs[s][4 * x + j];
          if (KIND == 0) sums[i][j] -= fabsf(left - right);
          // left is dy, right is w
          if (KIND == 1) sums[i][j] += fminf(fmaxf(right - owns[i][j], -1), 1) * left;
          // left is x, right is dy
          if (KIND == 2) sums[i][j] += (left - owns[i][j]) * right;
        }
    __syncthreads();
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++)
      if (row + 4 * y + i < rows && column + 4 * x + j < columns)
        out[(size_t)(row + 4 * y + i) * columns + column + 4 * x + j] = sums[i][j];
}
