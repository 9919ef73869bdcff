//! Loops over whole rows, for the widest vectors there are without choosing at build time. The loops are plain; no intrinsics here.

/// Defines a function that is compiled a second time for AVX2 and taken so where the processor has it. WebAssembly and ARM have their vectors at build time.
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) {
            #[inline(always)]
            fn plain($($arg: $ty),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                fearless_simd::kernel! {
                    fn wide(_token: Avx2, $($arg: $ty),*) { plain($($arg),*) }
                }
                if let Some(token) = crate::codec::vector::avx2() {
                    return wide(token, $($arg),*);
                }
            }
            plain($($arg),*)
        }
    };
}

pub(crate) use vectorised;

/// Whether there is AVX2: asked once, since the answer takes longer than a short row.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn avx2() -> Option<fearless_simd::x86::Avx2> {
    static FOUND: std::sync::OnceLock<Option<fearless_simd::x86::Avx2>> = std::sync::OnceLock::new();
    *FOUND.get_or_init(|| fearless_simd::Level::new().as_avx2())
}
