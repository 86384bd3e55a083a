// Causal attention over sequences laid end to end ("ragged"), forward and backward, bfloat16 in and out, fp32 inside.
// q [n, heads, D], k and v [n, groups, D]; starts [sequences + 1]. AVX512_BF16; D is a multiple of 32.
// One product serves all: C[8 x 32] (+)= A (rows of bf16) x B (pairs of rows interleaved, as vdpbf16ps wants them).
#include <immintrin.h>
#include <cstdint>
#include <cstring>
#include <cmath>
#include <cstdlib>
#include <vector>

typedef uint16_t bf;
static inline float wide(bf x) { uint32_t u = (uint32_t)x << 16; float f; memcpy(&f, &u, 4); return f; }

// C[8][32] = (add ? C : 0) + A[8][2*pairs] * B[pairs][ldb][2]
static inline void tile(const bf* A, int lda, const bf* B, int ldb, int pairs, float* C, int ldc, bool add) {
    __m512 c[8][2];
    for (int r = 0; r < 8; r++)
        for (int h = 0; h < 2; h++) c[r][h] = add ? _mm512_loadu_ps(C + r * ldc + 16 * h) : _mm512_setzero_ps();
    for (int p = 0; p < pairs; p++) {
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(B + (size_t)p * ldb * 2);
        __m512bh b1 = (__m512bh)_mm512_loadu_si512(B + (size_t)p * ldb * 2 + 32);
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++) {
            int32_t pair; memcpy(&pair, A + r * lda + 2 * p, 4);
            __m512bh a = (__m512bh)_mm512_set1_epi32(pair);
            c[r][0] = _mm512_dpbf16_ps(c[r][0], a, b0);
            c[r][1] = _mm512_dpbf16_ps(c[r][1], a, b1);
        }
    }
    for (int r = 0; r < 8; r++)
        for (int h = 0; h < 2; h++) _mm512_storeu_ps(C + r * ldc + 16 * h, c[r][h]);
}

static inline __m512 exp16(__m512 x) {  // 2^(x log2 e); x <= 0 here
    __m512 t = _mm512_mul_ps(_mm512_max_ps(x, _mm512_set1_ps(-87.f)), _mm512_set1_ps(1.44269504f));
    __m512 n = _mm512_roundscale_ps(t, 0), r = _mm512_sub_ps(t, n);
    __m512 p = _mm512_set1_ps(1.33335581e-3f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.61812911e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.55041087e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.40226507e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.93147181e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.f));
    return _mm512_scalef_ps(p, n);
}
static inline __m512i mix(void) {
    alignas(64) uint16_t i[32];
    for (int j = 0; j < 16; j++) { i[2 * j] = j; i[2 * j + 1] = 16 + j; }
    return _mm512_load_si512(i);
}
static inline void narrow(const float* x, bf* y) {  // 16 floats -> bf16
    _mm256_storeu_si256((__m256i*)y, (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x)));
}
// rows x[T][D] (stride ld) -> pairs of rows interleaved, cols D: y[Tp/2][D][2]; rows past T are zero
static void pair_rows(const bf* x, int ld, int T, int Tp, int D, bf* y, __m512i m) {
    for (int p = 0; p < Tp / 2; p++)
        for (int d = 0; d < D; d += 16) {
            __m256i a = 2 * p < T ? _mm256_loadu_si256((const __m256i*)(x + (size_t)2 * p * ld + d)) : _mm256_setzero_si256();
            __m256i b = 2 * p + 1 < T ? _mm256_loadu_si256((const __m256i*)(x + (size_t)(2 * p + 1) * ld + d)) : _mm256_setzero_si256();
            __m512i v = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
            _mm512_storeu_si512(y + ((size_t)p * D + d) * 2, _mm512_permutexvar_epi16(m, v));
        }
}
// rows x[T][D] -> transposed with pairs along D: y[D/2][Tp][2]
static void pair_columns(const bf* x, int ld, int T, int Tp, int D, bf* y) {
    uint32_t* o = (uint32_t*)y;
    for (int t = 0; t < Tp; t++)
        for (int p = 0; p < D / 2; p++) {
            uint32_t w = 0;
            if (t < T) memcpy(&w, x + (size_t)t * ld + 2 * p, 4);
            o[(size_t)p * Tp + t] = w;
        }
}
static void rows(const bf* x, int ld, int T, int Tp, int D, bf* y) {  // copy, zero padded
    for (int t = 0; t < T; t++) memcpy(y + (size_t)t * D, x + (size_t)t * ld, D * sizeof(bf));
    memset(y + (size_t)T * D, 0, (size_t)(Tp - T) * D * sizeof(bf));
}
template <class X> struct Buffer {
    X* p; size_t n;
    Buffer() : p(nullptr), n(0) {}
    ~Buffer() { free(p); }
    X* need(size_t m) { if (m > n) { free(p); p = (X*)aligned_alloc(64, (m * sizeof(X) + 63) / 64 * 64); n = m; } return p; }
};
struct Scratch { Buffer<bf> a, b, c, d, e, f, g, h; Buffer<float> s, t, u, v, w, x; };
static thread_local Scratch Z;

extern "C" void forward(const bf* q, const bf* k, const bf* v, bf* out, float* lse, const int32_t* starts, int sequences,
                        int heads, int groups, int D, float scale) {
    const __m512i m = mix();
    const int G = heads / groups;
    for (int s = 0; s < sequences; s++) {
        const int T = starts[s + 1] - starts[s], Tp = (T + 31) / 32 * 32; const size_t at = starts[s];
        if (T <= 0) continue;
        bf *kp = Z.a.need((size_t)Tp * D), *vp = Z.b.need((size_t)Tp * D), *qr = Z.c.need((size_t)Tp * D), *pr = Z.d.need((size_t)8 * Tp);
        float *S = Z.s.need((size_t)8 * Tp), *O = Z.t.need((size_t)8 * D);
        for (int g = 0; g < groups; g++) {
            pair_columns(k + (at * groups + g) * D, groups * D, T, Tp, D, kp);
            pair_rows(v + (at * groups + g) * D, groups * D, T, Tp, D, vp, m);
            for (int h = g * G; h < (g + 1) * G; h++) {
                rows(q + (at * heads + h) * D, heads * D, T, Tp, D, qr);
                for (int i = 0; i < T; i += 8) {
                    const int W = (i + 8 + 31) / 32 * 32;  // columns that any of these rows may see
                    for (int j = 0; j < W; j += 32) tile(qr + (size_t)i * D, D, kp + (size_t)j * 2, Tp, D / 2, S + j, Tp, false);
                    float inv[8];
                    for (int r = 0; r < 8; r++) {
                        float* x = S + r * Tp; const int n = i + r + 1;
                        __m512 top = _mm512_set1_ps(-INFINITY);
                        for (int j = 0; j < W; j += 16) {
                            __mmask16 on = n - j >= 16 ? 0xffff : n > j ? (1 << (n - j)) - 1 : 0;
                            top = _mm512_mask_max_ps(top, on, top, _mm512_loadu_ps(x + j));
                        }
                        const float mx = _mm512_reduce_max_ps(top);
                        __m512 sum = _mm512_setzero_ps();
                        for (int j = 0; j < W; j += 16) {
                            __mmask16 on = n - j >= 16 ? 0xffff : n > j ? (1 << (n - j)) - 1 : 0;
                            __m512 e = _mm512_maskz_mov_ps(on, exp16(_mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(x + j), _mm512_set1_ps(mx)), _mm512_set1_ps(scale))));
                            sum = _mm512_add_ps(sum, e);
                            _mm256_storeu_si256((__m256i*)(pr + r * Tp + j), (__m256i)_mm512_cvtneps_pbh(e));
                        }
                        const float total = _mm512_reduce_add_ps(sum);
                        inv[r] = 1.f / total;
                        if (i + r < T) lse[(at + i + r) * heads + h] = mx * scale + logf(total);
                    }
                    for (int d = 0; d < D; d += 32) tile(pr, Tp, vp + (size_t)d * 2, D, W / 2, O + d, D, false);
                    for (int r = 0; r < 8 && i + r < T; r++)
                        for (int d = 0; d < D; d += 16) {
                            __m512 o = _mm512_mul_ps(_mm512_loadu_ps(O + r * D + d), _mm512_set1_ps(inv[r]));
                            _mm256_storeu_si256((__m256i*)(out + ((at + i + r) * heads + h) * D + d), (__m256i)_mm512_cvtneps_pbh(o));
                        }
                }
            }
        }
    }
}

extern "C" void backward(const bf* q, const bf* k, const bf* v, const bf* out, const bf* grad, const float* lse, bf* dq, bf* dk,
                         bf* dv, const int32_t* starts, int sequences, int heads, int groups, int D, float scale) {
    const __m512i m = mix();
    const int G = heads / groups;
    for (int s = 0; s < sequences; s++) {
        const int T = starts[s + 1] - starts[s], Tp = (T + 31) / 32 * 32; const size_t at = starts[s];
        if (T <= 0) continue;
        const size_t TD = (size_t)Tp * D;
        bf *kr = Z.a.need(TD), *vr = Z.b.need(TD), *kt = Z.c.need(TD), *qc = Z.d.need(TD), *gc = Z.e.need(TD), *qp = Z.f.need(TD), *gp = Z.g.need(TD);
        bf* block = Z.h.need((size_t)32 * Tp * 3);
        bf *pt = block, *ds = block + (size_t)32 * Tp, *dp = block + (size_t)64 * Tp;  // P^T, dS^T by rows; dS^T by pairs
        float *S = Z.s.need((size_t)8 * Tp), *dP = Z.t.need((size_t)8 * Tp), *dQ = Z.u.need(TD), *dK = Z.v.need(TD), *dV = Z.w.need(TD), *row = Z.x.need(2 * Tp);
        float *L = row, *delta = row + Tp;
        for (int g = 0; g < groups; g++) {
            const bf *kg = k + (at * groups + g) * D, *vg = v + (at * groups + g) * D;
            rows(kg, groups * D, T, Tp, D, kr);
            rows(vg, groups * D, T, Tp, D, vr);
            for (int d = 0; d < D; d++) for (int t = 0; t < Tp; t++) kt[(size_t)d * Tp + t] = kr[(size_t)t * D + d];
            memset(dK, 0, TD * 4); memset(dV, 0, TD * 4);
            for (int h = g * G; h < (g + 1) * G; h++) {
                const bf *qh = q + (at * heads + h) * D, *gh = grad + (at * heads + h) * D, *oh = out + (at * heads + h) * D;
                pair_columns(qh, heads * D, T, Tp, D, qc);
                pair_columns(gh, heads * D, T, Tp, D, gc);
                pair_rows(qh, heads * D, T, Tp, D, qp, m);
                pair_rows(gh, heads * D, T, Tp, D, gp, m);
                for (int t = 0; t < Tp; t++) {
                    float x = 0;
                    if (t < T) for (int d = 0; d < D; d++) x += wide(gh[(size_t)t * heads * D + d]) * wide(oh[(size_t)t * heads * D + d]);
                    delta[t] = x; L[t] = t < T ? lse[(at + t) * heads + h] : INFINITY;
                }
                for (int j0 = 0; j0 < Tp; j0 += 32) {  // 32 keys against all queries i >= j0
                    for (int j = j0; j < j0 + 32; j += 8) {
                        for (int i = j0; i < Tp; i += 32) {
                            tile(kr + (size_t)j * D, D, qc + (size_t)i * 2, Tp, D / 2, S + i, Tp, false);
                            tile(vr + (size_t)j * D, D, gc + (size_t)i * 2, Tp, D / 2, dP + i, Tp, false);
                        }
                        for (int r = 0; r < 8; r += 2)
                            for (int i = j0; i < Tp; i += 16) {
                                __m512 e[2], x[2];
                                for (int a = 0; a < 2; a++) {
                                    const int first = j + r + a - i;  // queries before the key see nothing of it
                                    __mmask16 on = first <= 0 ? 0xffff : first >= 16 ? 0 : (__mmask16)(0xffff << first);
                                    __m512 z = _mm512_fmsub_ps(_mm512_loadu_ps(S + (r + a) * Tp + i), _mm512_set1_ps(scale), _mm512_loadu_ps(L + i));
                                    e[a] = _mm512_maskz_mov_ps(on, exp16(_mm512_min_ps(z, _mm512_setzero_ps())));
                                    x[a] = _mm512_mul_ps(_mm512_mul_ps(e[a], _mm512_sub_ps(_mm512_loadu_ps(dP + (r + a) * Tp + i), _mm512_loadu_ps(delta + i))), _mm512_set1_ps(scale));
                                    const size_t w = (size_t)(j - j0 + r + a) * Tp + i;
                                    _mm256_storeu_si256((__m256i*)(pt + w), (__m256i)_mm512_cvtneps_pbh(e[a]));
                                    _mm256_storeu_si256((__m256i*)(ds + w), (__m256i)_mm512_cvtneps_pbh(x[a]));
                                }
                                __m512i both = (__m512i)_mm512_cvtne2ps_pbh(x[1], x[0]);
                                _mm512_storeu_si512(dp + ((size_t)((j - j0 + r) / 2) * Tp + i) * 2, _mm512_permutexvar_epi16(m, both));
                            }
                    }
                    const int pairs = (Tp - j0) / 2;
                    for (int j = 0; j < 32; j += 8)
                        for (int d = 0; d < D; d += 32) {
                            tile(pt + (size_t)j * Tp + j0, Tp, gp + ((size_t)j0 / 2 * D + d) * 2, D, pairs, dV + (size_t)(j0 + j) * D + d, D, true);
                            tile(ds + (size_t)j * Tp + j0, Tp, qp + ((size_t)j0 / 2 * D + d) * 2, D, pairs, dK + (size_t)(j0 + j) * D + d, D, true);
                        }
                    for (int d = 0; d < D; d += 8)  // dQ^T [D][Tp]
                        for (int i = j0; i < Tp; i += 32)
                            tile(kt + (size_t)d * Tp + j0, Tp, dp + (size_t)i * 2, Tp, 16, dQ + (size_t)d * Tp + i, Tp, j0 > 0);
                }
                alignas(64) float line[256];
                for (int t = 0; t < T; t++) {
                    for (int d = 0; d < D; d++) line[d] = dQ[(size_t)d * Tp + t];
                    for (int d = 0; d < D; d += 16) narrow(line + d, dq + ((at + t) * heads + h) * D + d);
                }
            }
            for (int t = 0; t < T; t++)
                for (int d = 0; d < D; d += 16) {
                    narrow(dK + (size_t)t * D + d, dk + ((at + t) * groups + g) * D + d);
                    narrow(dV + (size_t)t * D + d, dv + ((at + t) * groups + g) * D + d);
                }
        }
    }
}
