// The headers that all tests share are precompiled with this file; see CMakeLists.txt.
