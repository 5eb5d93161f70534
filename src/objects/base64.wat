;; Base64 of RFC 4648 section 4, sixteen characters at a time. simd-base64.ts uses it as `base64.wasm`, which
;; `UPDATE_WASM=1 npm test -- src/objects/base64-wasm` makes from this.
;;
;; The method is that of Muła and Lemire, https://arxiv.org/abs/1704.00605. To read along:
;;
;; - A v128 is 16 bytes. `i8x16.add` adds 16 pairs of bytes, `i16x8.shr_u` shifts 8 words of two bytes, and so on. The
;;   first byte in memory is the lowest of its word.
;; - `swizzle` looks 16 bytes up at once: byte n of the result is byte index[n] of a table of 16, or 0 if there is none.
;; - Constants are loaded from memory into locals ahead of a loop. V8 makes a `v128.const` anew in every turn, by
;;   several instructions: that took three times as long.
;; - `relaxed` instructions would save a quarter of the time. But V8 13.6 gets one of them wrong on an x64 without AVX,
;;   which many small servers have: `relaxed_dot_i8x16_i7x16_s` may multiply an operand by itself.
(module
  ;; 512 KiB:       0  constants
  ;;            65536  192 KiB of bytes to encode
  ;;           262144  256 KiB of characters, up to the memory's end: whatever is beyond it ends the call with an error
  (memory (export "memory") 8 8)

  ;; To decode. A character is looked up in two tables of sets, by its high and by its low four bits:
  ;;   bit 0  2x         holds + and /, no other than b and f
  ;;   bit 1  3x         holds digits, none after 9
  ;;   bit 2  4x 6x      hold A to O and a to o, nothing at 0
  ;;   bit 3  5x 7x      hold P to Z and p to z, none after a
  ;;   bit 4  all other  hold nothing
  (data (i32.const 0) ;; by the high four bits: which of these it is
    "\10\10\01\02\04\08\04\08\10\10\10\10\10\10\10\10")
  (data (i32.const 16) ;; by the low four bits: in which of these there is no such character
    "\15\11\11\11\11\11\11\11\11\11\13\1a\1b\1b\1b\1a")
  (data (i32.const 32) ;; to a character's value, by its high four bits: / +16, + +19, 3x +4, 4x 5x -65, 6x 7x -71
    "\00\10\13\04\bf\bf\b9\b9\00\00\00\00\00\00\00\00")
  (data (i32.const 48) ;; bytes: /
    "\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f\2f")
  (data (i32.const 64) ;; bytes: the low four bits
    "\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f\0f")
  (data (i32.const 80) ;; words of two bytes: the low one
    "\ff\00\ff\00\ff\00\ff\00\ff\00\ff\00\ff\00\ff\00")
  (data (i32.const 96) ;; words: 4096 and 1
    "\00\10\01\00\00\10\01\00\00\10\01\00\00\10\01\00")
  (data (i32.const 112) ;; of each four bytes the low three, the highest first; then four of nothing
    "\02\01\00\06\05\04\0a\09\08\0e\0d\0c\ff\ff\ff\ff")

  ;; Decodes the first `length` characters, a multiple of 16, to where they stand. 1: done; 0: some are not of the
  ;; alphabet, which = is not either, and what was decoded means nothing.
  (func (export "decode") (param $length i32) (result i32)
    (local $from i32) (local $to i32) (local $end i32)
    (local $characters v128) (local $high v128) (local $values v128) (local $wrong v128)
    (local $setOf v128) (local $notIn v128) (local $toValue v128) (local $slash v128)
    (local $fourBits v128) (local $lowByte v128) (local $by4096 v128) (local $pack v128)
    (local.set $setOf (v128.load (i32.const 0)))
    (local.set $notIn (v128.load (i32.const 16)))
    (local.set $toValue (v128.load (i32.const 32)))
    (local.set $slash (v128.load (i32.const 48)))
    (local.set $fourBits (v128.load (i32.const 64)))
    (local.set $lowByte (v128.load (i32.const 80)))
    (local.set $by4096 (v128.load (i32.const 96)))
    (local.set $pack (v128.load (i32.const 112)))
    (local.set $from (i32.const 262144))
    (local.set $to (local.get $from))
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $characters (v128.load (local.get $from)))
        ;; Bytes cannot be shifted by themselves: what came from the neighbour is masked away.
        (local.set $high
          (v128.and (i16x8.shr_u (local.get $characters) (i32.const 4)) (local.get $fourBits)))
        (local.set $wrong
          (v128.or
            (local.get $wrong)
            (v128.and
              (i8x16.swizzle (local.get $setOf) (local.get $high))
              (i8x16.swizzle
                (local.get $notIn)
                (v128.and (local.get $characters) (local.get $fourBits))))))
        ;; `eq` is -1 where it is so: / has a place of its own, below that of +.
        (local.set $values
          (i8x16.add
            (local.get $characters)
            (i8x16.swizzle
              (local.get $toValue)
              (i8x16.add (local.get $high) (i8x16.eq (local.get $characters) (local.get $slash))))))
        ;; 00bbbbbb 00aaaaaa, the two of a word, become 0000aaaa aabbbbbb. A dot product adds neighbours, each
        ;; multiplied: 4096 ab + cd is 24 bits.
        ;; Of the 16 bytes that are stored the next turn writes over the last four. They reach no character that is
        ;; still to be read: 12 n + 16 is at most 16 n + 16.
        (v128.store
          (local.get $to)
          (i8x16.swizzle
            (i32x4.dot_i16x8_s
              (v128.or
                (i16x8.shl (v128.and (local.get $values) (local.get $lowByte)) (i32.const 6))
                (i16x8.shr_u (local.get $values) (i32.const 8)))
              (local.get $by4096))
            (local.get $pack)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 12)))
        (br $next)))
    (i32.eqz (v128.any_true (local.get $wrong))))

  ;; To encode. Three bytes become two words that have the middle one in common:
  ;;   aaaaaabb bbbbcccc ccdddddd  ->  aaaaaabbbbbbcccc bbbbccccccdddddd  ->  bytes a b c d
  (data (i32.const 128) ;; bytes 1 0 and 2 1 of each three
    "\01\00\02\01\04\03\05\04\07\06\08\07\0a\09\0b\0a")
  (data (i32.const 144) ;; both words: a
    "\00\fc\00\00\00\fc\00\00\00\fc\00\00\00\fc\00\00")
  (data (i32.const 160) ;; both words: c
    "\00\00\c0\0f\00\00\c0\0f\00\00\c0\0f\00\00\c0\0f")
  (data (i32.const 176) ;; both words: b and d
    "\f0\03\3f\00\f0\03\3f\00\f0\03\3f\00\f0\03\3f\00")
  (data (i32.const 192) ;; words: 2 ** 4 and 2 ** 8
    "\10\00\00\01\10\00\00\01\10\00\00\01\10\00\00\01")
  (data (i32.const 208) ;; bytes: 51
    "\33\33\33\33\33\33\33\33\33\33\33\33\33\33\33\33")
  (data (i32.const 224) ;; bytes: 26
    "\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a")
  (data (i32.const 240) ;; bytes: 13
    "\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d\0d")
  (data (i32.const 256) ;; to a value's character: 26 to 51 +71, 52 to 61 -4 (ten times), 62 -19, 63 -16, 0 to 25 +65
    "\47\fc\fc\fc\fc\fc\fc\fc\fc\fc\fc\ed\f0\41\00\00")

  ;; Encodes the first `length` bytes, a multiple of 12, to the characters. It looks at four bytes behind the last.
  (func (export "encode") (param $length i32)
    (local $from i32) (local $to i32) (local $end i32)
    (local $words v128) (local $values v128) (local $range v128)
    (local $spread v128) (local $a v128) (local $c v128) (local $bd v128) (local $by16and256 v128)
    (local $51 v128) (local $26 v128) (local $13 v128) (local $toCharacter v128)
    (local.set $spread (v128.load (i32.const 128)))
    (local.set $a (v128.load (i32.const 144)))
    (local.set $c (v128.load (i32.const 160)))
    (local.set $bd (v128.load (i32.const 176)))
    (local.set $by16and256 (v128.load (i32.const 192)))
    (local.set $51 (v128.load (i32.const 208)))
    (local.set $26 (v128.load (i32.const 224)))
    (local.set $13 (v128.load (i32.const 240)))
    (local.set $toCharacter (v128.load (i32.const 256)))
    (local.set $from (i32.const 65536))
    (local.set $to (i32.const 262144))
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $words (i8x16.swizzle (v128.load (local.get $from)) (local.get $spread)))
        ;; Each to its byte: a and c down, b and d up, those by different numbers of bits, which a product can do.
        (local.set $values
          (v128.or
            (v128.or
              (i32x4.shr_u (v128.and (local.get $words) (local.get $a)) (i32.const 10))
              (i32x4.shr_u (v128.and (local.get $words) (local.get $c)) (i32.const 6)))
            (i16x8.mul (v128.and (local.get $words) (local.get $bd)) (local.get $by16and256))))
        ;; `sub_sat_u` stops at 0: 0 for all up to 51, 1 to 12 for the twelve above; the first 26 are then made 13.
        (local.set $range
          (v128.or
            (i8x16.sub_sat_u (local.get $values) (local.get $51))
            (v128.and (i8x16.gt_s (local.get $26) (local.get $values)) (local.get $13))))
        (v128.store
          (local.get $to)
          (i8x16.add
            (local.get $values)
            (i8x16.swizzle (local.get $toCharacter) (local.get $range))))
        (local.set $from (i32.add (local.get $from) (i32.const 12)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $next)))))
